"""Does one piece of work with the code of the original design, as it stands, and prints what it took.

    python3 original.py original-design.txt '{"work": "insert", "sqlite": "new.db", "rows": 1000, "session": "…"}'

The classes are the first four blocks of code in the document. `supabase` is the genuine package; where the server
is no gateway of Supabase's, its address is given as it is.
"""
import asyncio
import contextlib
import io
import json
import re
import sys
import time
import uuid
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from types import ModuleType


def original(document, order):
    """The classes of the document."""
    import supabase

    create = supabase.create_client

    def create_client(url, key):
        client = create(url, key)
        if not order.get("gateway"):
            client.rest_url = url
        return client

    supabase.create_client = create_client
    code = "\n".join(re.findall(r"```python\n(.*?)```", Path(document).read_text(), re.S)[:4])
    module = ModuleType("original")
    exec("class DatabaseError(Exception): pass\n" + code, module.__dict__)
    return module


def event(session, number):
    now = datetime.now(timezone.utc).isoformat()
    data = {"tool": "Bash", "i": number, "path": "src/basket.rs", "ok": True, "text": "x" * 200}
    return {"id": str(uuid.uuid4()), "session_id": session, "event_type": "tool_use", "hook_name": "PostToolUse",
            "data": data, "timestamp": now, "created_at": now}


def peak():
    """The most memory that this process ever had, in kB."""
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])


async def connect(module, order):
    """One of its clients, and a session in a file that it has made itself."""
    if "postgrest" in order:
        client = module.SupabaseClient(order["postgrest"], order["key"])
        assert await client.connect()
        return client
    client = module.SQLiteClient(order["sqlite"])
    assert await client.connect()
    if not await client.select("sessions", {"id": order["session"]}):
        await client.insert("sessions", {"id": order["session"], "status": "active"})
    return client


async def insert(module, order):
    client = await connect(module, order)
    rows = [event(order["session"], number) for number in range(order["rows"])]
    start = time.perf_counter()
    ids = await client.bulk_insert("events", rows)
    seconds = time.perf_counter() - start
    await client.disconnect()
    return {"seconds": seconds, "kilobytes": peak(), "rows": len(ids)}


async def read(module, order):
    client = await connect(module, order)
    start = time.perf_counter()
    rows = await client.select("events")
    seconds = time.perf_counter() - start
    await client.disconnect()
    return {"seconds": seconds, "kilobytes": peak(), "rows": len(rows)}


async def tasks(module, order):
    """How many rows a second so many tasks insert, each one after the other."""
    client = await connect(module, order)
    start = time.perf_counter()
    end = start + order["seconds"]

    async def insert_until_end():
        count = 0
        while time.perf_counter() < end:
            await client.insert("events", event(order["session"], count))
            count += 1
        return count

    counts = await asyncio.gather(*(insert_until_end() for _ in range(order["tasks"])))
    rate = sum(counts) / (time.perf_counter() - start)
    await client.disconnect()
    return {"rate": rate}


async def outage(module, order):
    """Writes at a pace until the end: when each began, how long it took, and whether it was taken."""
    config = {"url": order["gateway"], "key": order["key"]}
    manager = module.DatabaseManager(supabase_config=config, sqlite_path=order["sqlite"])
    assert await manager.initialize()

    async def monitor_database():
        while True:
            await manager.health_check()
            await asyncio.sleep(30)

    monitor = asyncio.create_task(monitor_database())
    writes, number = [], 0
    print("ready", file=sys.__stdout__, flush=True)
    end = time.time() + order["seconds"]
    while (began := time.time()) < end:
        try:
            await manager.insert("events", event(order["session"], number))
            taken = True
        except module.DatabaseError:
            taken = False
        took = time.time() - began
        writes.append([began, took, taken])
        number += 1
        await asyncio.sleep(max(0, order["every"] - took))
    monitor.cancel()
    await manager.close()
    return writes


async def versions(_module, _order):
    packages = ["supabase", "postgrest", "httpx", "aiosqlite"]
    import sqlite3

    own = f"Python {sys.version.split()[0]}, its SQLite {sqlite3.sqlite_version}"
    return ", ".join([own, *(f"{name} {version(name)}" for name in packages)])


def main():
    document, order = sys.argv[1], json.loads(sys.argv[2])
    with contextlib.redirect_stdout(io.StringIO()):  # it prints where others log
        done = asyncio.run(globals()[order["work"]](original(document, order), order))
    print(json.dumps(done))


if __name__ == "__main__":
    main()
