
"use strict";
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const findings = [...document.querySelectorAll("details.finding")];
  const shown = document.getElementById("shown");
  const checked = (name) => new Set([...form.querySelectorAll(`input[name="${name}"]:checked`)].map((box) => box.value));
  const apply = () => {
    const severities = checked("severity");
    const impacts = checked("impact");
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const text = finding.textContent.toLowerCase();
      finding.hidden = !(severities.has(finding.dataset.severity) && impacts.has(finding.dataset.impact)
        && words.every((word) => text.includes(word)));
      count += finding.hidden ? 0 : 1;
    }
    shown.textContent = `${count} of ${findings.length} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
  window.addEventListener("beforeprint", () => findings.forEach((finding) => { finding.open = true; }));
})();
