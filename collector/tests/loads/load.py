"""Loads directories of out.TABLE.csv into pandas, DuckDB and PostgreSQL, with the types of SCHEMA.md and
the tables of `virtmon schema --format sql-duckdb` and `sql-postgres`, and compares the values with
those of Python's own csv reader: load.py SCHEMA.md DUCKDB.sql POSTGRES.sql DIR..."""

import csv
import datetime
import decimal
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import duckdb
import pandas

WHOLE = {"schema", "tick", "id", "target_id", "vcpu", "pcpu", "node", "cpupool", "tick_end"}
PANDAS = {"whole": "Int64", "decimal": "Float64", "text": "string", "uuid": "string", "time": "string"}
SQL = {"whole": "bigint", "decimal": "double precision", "text": "text", "uuid": "uuid", "time": "timestamptz"}


def kind(column, unit):
    """The rule that SCHEMA.md's introduction gives."""
    if unit.startswith("%") or unit.endswith("/s"):
        return "decimal"
    if column in ("time", "uuid"):
        return column
    return "whole" if unit or column in WHOLE else "text"


def tables(schema):
    """Each table's columns with their kinds, those of the tick first."""
    found = {}
    for section in schema.read_text().split("\n## ")[1:]:
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE)
        found[section.split("\n")[0]] = {column: kind(column, unit) for column, unit in rows}
    tick = found.pop("tick")
    return {name: tick | columns for name, columns in found.items()}


def statements(path):
    """The CREATE TABLE statement of each table."""
    found = re.finditer(r'^CREATE TABLE "(\w+)" \(.*?^\);', path.read_text(), re.MULTILINE | re.DOTALL)
    return {statement[1]: statement[0] for statement in found}


def micros(text):
    """RFC 3339 with nanoseconds as us since 1970, and the ns that are left."""
    moment, fraction = text.removesuffix("Z").split(".")
    moment = datetime.datetime.fromisoformat(moment + "+00:00")
    nanos = int(fraction.ljust(9, "0"))
    return int(moment.timestamp()) * 1_000_000 + nanos // 1000, nanos % 1000


def expected(path, columns):
    """Values as the types have them, and None for an empty field, by a reader that is none of theirs."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    convert = {"whole": int, "decimal": float, "text": str, "uuid": str, "time": micros}
    return [
        {name: convert[kind](row[name]) if row[name] else None for name, kind in columns.items()}
        for row in rows
    ]


def differ(where, columns, wanted, got):
    if len(wanted) != len(got):
        sys.exit(f"{where}: {len(got)} rows, not {len(wanted)}")
    for number, (want, have) in enumerate(zip(wanted, got)):
        for name, kind in columns.items():
            a, b = want[name], have[name]
            if kind == "time":
                # Databases keep microseconds, cut or rounded.
                same = b is not None and b - a[0] in (0, int(a[1] >= 500))
            else:
                same = (a is None) == (b is None) and (a is None or a == b)
            if not same:
                sys.exit(f"{where}, row {number}, {name}: {b!r}, not {a!r}")


def by_pandas(path, columns):
    frame = pandas.read_csv(
        path,
        dtype={name: PANDAS[kind] for name, kind in columns.items()},
        # A guest may be called NA, which pandas would take for none.
        keep_default_na=False,
        na_values="",
    )
    times = pandas.to_datetime(frame["time"], format="ISO8601", utc=True)
    assert len(frame) == 0 or str(times.dtype) == "datetime64[ns, UTC]", times.dtype
    frame["time"] = times.astype("int64") // 1000
    # NA is no value; what is left are Python's numbers and texts.
    return [
        {name: None if pandas.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def by_duckdb(table, create, path, columns):
    types = {name: SQL[kind] for name, kind in columns.items()}
    database = duckdb.connect()
    database.execute(create)
    database.execute(
        f'insert into "{table}" by name select * from read_csv(?, header = true, columns = ?)', [str(path), types]
    )
    read = database.execute(f'select * replace (epoch_us(time) as time) from "{table}"')
    names = [field[0] for field in read.description]
    rows = [dict(zip(names, row)) for row in read.fetchall()]
    return [row | {"uuid": str(row["uuid"]) if row.get("uuid") else None} for row in rows]


class Postgres:
    """A server on a socket in a directory of its own, which ends with this program."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="virtmon-loads-"))
        bins = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        self.bin = bins[-1]
        # It refuses to run as root.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.home, "postgres")
        data = str(self.home / "data")
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self.environment = environment
        subprocess.run(
            self.user + [self.bin / "initdb", "-D", data, "-A", "trust", "-U", "load", "-N", "-E", "UTF8"],
            check=True, env=environment, cwd="/", stdout=subprocess.DEVNULL,
        )
        options = f"-c listen_addresses= -c fsync=off -k {self.home}"
        # Bounded, should this program be killed before it ends it.
        self.server = subprocess.Popen(
            ["timeout", "120", *self.user, self.bin / "postgres", "-D", data, *options.split()],
            env=environment, cwd="/", stderr=open(self.home / "log", "w"),
        )
        ready = [self.bin / "pg_isready", "-q", "-h", self.home]
        for _ in range(300):
            if subprocess.run(ready).returncode == 0:
                return
            try:
                self.server.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                pass
        sys.exit("PostgreSQL did not start:\n" + (self.home / "log").read_text())

    def ask(self, sql, stdin=None):
        psql = [self.bin / "psql", "-h", self.home, "-U", "load", "-d", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(psql, check=True, stdin=stdin, stdout=subprocess.PIPE, env=self.environment)
        return done.stdout.decode()

    def load(self, table, create, path, columns):
        self.ask(create)
        self.ask(f'alter table "{table}" add column "place" bigserial')
        copied = ", ".join(f'"{name}"' for name in columns)
        with open(path, "rb") as file:
            self.ask(f'copy "{table}" ({copied}) from stdin with (format csv, header match)', file)
        # Times as whole microseconds.
        text = self.ask(
            f'select (to_jsonb(t) || jsonb_build_object(\'time\', (extract(epoch from "time") * 1000000)::bigint))'
            f' from "{table}" t order by "place"'
        )
        self.ask(f'drop table "{table}"')
        rows = [json.loads(line, parse_float=decimal.Decimal) for line in text.split("\n") if line]
        floats = [name for name, kind in columns.items() if kind == "decimal"]
        for row in rows:
            row.update({name: float(row[name]) for name in floats if row[name] is not None})
        return rows

    def end(self):
        self.server.terminate()
        self.server.wait(30)
        shutil.rmtree(self.home)


def main():
    schema, duckdb_sql, postgres_sql, *places = map(pathlib.Path, sys.argv[1:])
    duckdb_tables, postgres_tables = statements(duckdb_sql), statements(postgres_sql)
    postgres = Postgres()
    try:
        for place in places:
            for table, columns in tables(schema).items():
                path = place / f"out.{table}.csv"
                wanted = expected(path, columns)
                for name, read in [
                    ("pandas", by_pandas),
                    ("DuckDB", lambda path, columns: by_duckdb(table, duckdb_tables[table], path, columns)),
                    ("PostgreSQL", lambda path, columns: postgres.load(table, postgres_tables[table], path, columns)),
                ]:
                    differ(f"{name}, {place.name}/{path.name}", columns, wanted, read(path, columns))
                empty = sum(value is None for row in wanted for value in row.values())
                print(f"{place.name}/{path.name}: {len(wanted)} rows, {empty} empty fields, the same in all three")
    finally:
        postgres.end()


main()
