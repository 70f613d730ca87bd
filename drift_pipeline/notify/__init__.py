"""Alerts: Telegram and other channels. A failing alert never fails a check."""
