"""Run a piece of the page's code in Node and read what it gives as JSON."""

import json
import subprocess
from typing import Any

from tests.web_phone import components


def evaluate(modules: dict[str, str], expression: str, data: Any = None) -> Any:
    """Evaluate an expression of JavaScript.

    Args:
        modules: Name in the expression to path below ``web_phone``.
        expression: May await; ``data`` is at hand as ``data``, ``bytes(hex)`` and
            ``hex(bytes)`` too.
        data: Anything that JSON holds.
    """
    imports = "".join(
        f"import * as {name} from {json.dumps((components.PAGE / path).as_uri())};"
        for name, path in modules.items()
    )
    program = (
        f"{imports}import fs from 'node:fs';"
        "const data = JSON.parse(fs.readFileSync(0, 'utf8'));"
        "const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));"
        "const hex = (found) => Buffer.from(found).toString('hex');"
        "const said = async (f) => { try { return await f(); } catch (e) {"
        "  if (e.code === undefined) throw e; return e.code; } };"
        f"console.log(JSON.stringify(await (async () => ({expression}))()));"
    )
    done = subprocess.run(
        [components.node(), "--input-type=module", "-e", program],
        input=json.dumps(data),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
