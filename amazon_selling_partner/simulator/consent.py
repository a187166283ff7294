"""The consent page of Seller Central, where a seller lets a public application in.

`GET /apps/authorize/consent` shows the page, its button comes back with `confirm`, and the browser
is sent to the application's `redirect_uri` with `spapi_oauth_code`, `state` and
`selling_partner_id`. Without a `redirect_uri` the page shows the address it would be.
"""

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .routes import Answer

if TYPE_CHECKING:
    from .http_server import Connection
    from .server import Simulator

PATH = "/apps/authorize/consent"

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px sans-serif;max-width:40em;margin:3em auto;padding:0 1em}}
button{{font:inherit;padding:.5em 1em}}</style>
<h1>Simulated Seller Central</h1>{body}</html>"""

_ASK = """<p><b>{application}</b> asks for access to the account of <b>{store}</b>.</p>
<form method="get" action="{path}">{fields}
<button name="confirm" value="yes" id="confirm">Confirm</button>
<button name="confirm" value="no">Cancel</button></form>"""


def consent(simulator: "Simulator", connection: "Connection") -> Answer:
    """Answers a request for the consent page (see the module's docstring).

    Args:
        simulator (Simulator): The server.
        connection (Connection): The request.

    Returns:
        Answer: The page, or the way back to the application.
    """
    sent = dict(connection.query)
    if sent.get("application_id") != simulator.auth.application_id:
        return _page("<p>There is no such application.</p>", 400)
    if not sent.get("state"):
        return _page("<p>The state is missing.</p>", 400)
    choice = sent.pop("confirm", None)
    if choice is None:
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in sent.items()
        )
        ask = _ASK.format(
            application=escape(sent["application_id"]),
            store=escape(simulator.account.store_name),
            path=PATH,
            fields=fields,
        )
        return _page(ask)
    back = {"state": sent["state"], "selling_partner_id": simulator.account.seller_id}
    if choice == "yes":
        back["spapi_oauth_code"] = simulator.auth.authorize(simulator.account)
    address = f"{sent.get('redirect_uri') or 'https://localhost/'}?{urlencode(back)}"
    if not sent.get("redirect_uri"):
        return _page(f"<p>The answer is <code>{escape(address)}</code></p>")
    return Answer(302, content=b"", headers={"Location": address, "Referrer-Policy": "no-referrer"})


def _page(body: str, status: int = 200) -> Answer:
    content = _PAGE.format(body=body).encode()
    return Answer(status, content=content, headers={"Content-Type": "text/html; charset=utf-8"})
