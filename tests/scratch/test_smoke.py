def test_new_database_is_a_real_one(new_database, run_sql):
    database = new_database("create table t (a int)")
    assert run_sql(database, "select relname from pg_class where relname = 't'") == [("t",)]
