"""What rules make of host, path and query on the way to a target.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
"""

import re
from urllib.parse import unquote

CONFIGS = {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}


class Failed(Exception):
    """A transform that leaves no host or no path: the answer is 500. What fails there is an assumption."""


def rewritten(transforms: list[dict] | None, host: str, url: str) -> tuple[str, str]:
    """Host and URL (path with query), each with its first match replaced; without a match unchanged."""
    parts = {"host-header-rewrite": host, "url-rewrite": url}
    for transform in transforms or []:
        kind = transform["Type"]
        for rewrite in transform[CONFIGS[kind]]["Rewrites"]:
            parts[kind] = re.sub(rewrite["Regex"], _template(rewrite.get("Replace") or ""), parts[kind], count=1)
    host, url = parts["host-header-rewrite"].lower(), parts["url-rewrite"]
    if not re.fullmatch(r"[a-z0-9._-]+", host):
        raise Failed(f"{host!r} is no host")
    if not url.startswith("/"):
        raise Failed(f"{url!r} is no path")
    return host, url


def _template(replace: str) -> str:
    """``$1`` is the first group; a group that took no part is empty."""
    return re.sub(r"\$(\d)", r"\\g<\1>", replace.replace("\\", "\\\\"))


def raw_url(request) -> str:
    """Path and query as the client sent them, not decoded."""
    query = request.query_string.decode("latin-1")
    return request.environ.get("RAW_URI") or request.path + (f"?{query}" if query else "")


def split(url: str) -> tuple[str, str]:
    """The decoded path and the query without its question mark."""
    path, _, query = url.partition("?")
    return unquote(path), query
