"""The consent page of Seller Central, where a seller authorizes a public application.

`GET /apps/authorize/consent` shows the page, its button sends `confirm`, and the browser is
redirected to the application's `redirect_uri` with `spapi_oauth_code`, `state` and
`selling_partner_id`. Without a `redirect_uri` the page shows the address.
"""

from html import escape
from urllib.parse import urlencode

from .http_server import HttpRequest
from .responses import Response
from .services import Services

CONSENT_PATH = "/apps/authorize/consent"

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px sans-serif;max-width:40em;margin:3em auto;padding:0 1em}}
button{{font:inherit;padding:.5em 1em}}</style>
<h1>Simulated Seller Central</h1>{body}</html>"""

_FORM = """<p><b>{application}</b> requests access to the account of <b>{store}</b>.</p>
<form method="get" action="{path}">{fields}
<button name="confirm" value="yes" id="confirm">Confirm</button>
<button name="confirm" value="no">Cancel</button></form>"""


def consent(services: Services, request: HttpRequest) -> Response:
    """The response of the consent page (see the module's docstring)."""
    sent = dict(request.query)
    account = services.default_account
    if sent.get("application_id") != services.auth.application_id:
        return _page("<p>There is no such application.</p>", 400)
    if not sent.get("state"):
        return _page("<p>The state is missing.</p>", 400)
    choice = sent.pop("confirm", None)
    if choice is None:
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in sent.items()
        )
        form = _FORM.format(
            application=escape(sent["application_id"]),
            store=escape(account.store_name),
            path=CONSENT_PATH,
            fields=fields,
        )
        return _page(form)
    back = {"state": sent["state"], "selling_partner_id": account.seller_id}
    if choice == "yes":
        back["spapi_oauth_code"] = services.auth.authorize(account)
    address = f"{sent.get('redirect_uri') or 'https://localhost/'}?{urlencode(back)}"
    if not sent.get("redirect_uri"):
        return _page(f"<p>The redirect would be <code>{escape(address)}</code></p>")
    return Response(
        302, content=b"", headers={"Location": address, "Referrer-Policy": "no-referrer"}
    )


def _page(body: str, status: int = 200) -> Response:
    content = _PAGE.format(body=body).encode()
    return Response(status, content=content, headers={"Content-Type": "text/html; charset=utf-8"})
