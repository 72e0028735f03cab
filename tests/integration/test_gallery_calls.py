"""How the gallery's module calls the API, in Node with a fetch that only notes."""

import json
import subprocess
from shutil import which
from typing import Any

from chalicelib.api.pages import GALLERY
from local.synthesis import path_with_node

# A browser's globals that the module uses.
SURROUNDINGS = """
const kept = JSON.stringify({ bearer: "imr_token", until: Date.now() + 1000 });
globalThis.localStorage = { getItem: (key) => (key.includes("token") ? kept : null) };
globalThis.fetch = async (url, options) => {
  console.log(JSON.stringify({ url: String(url), ...options }));
  return { ok: true, status: 200, text: async () => "" };
};
"""


def called(call: str) -> dict[str, Any]:
    script = (
        f'{SURROUNDINGS}\nconst api = await import("{GALLERY.as_uri()}/api.js");\nawait {call};'
    )
    node = which("node", path=path_with_node())
    assert node
    command = [node, "--input-type=module", "-e", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def test_a_token_follows_no_redirect_to_another_host() -> None:
    told = called('api.call("POST", "search", { body: { text: "cat" } })')
    assert told["headers"]["Authorization"] == "Bearer imr_token"
    assert told["redirect"] == "error"
