"""The routes of the page that checks proofs in a browser (node/web)."""

from node.api import pages
from node.api.routing import Route

PAGES: tuple[Route, ...] = (
    Route(
        "GET",
        "/verify",
        "A page that checks a proof in the browser",
        {200: "text/html", 304: "text/html"},
        read=pages.verify_page,
    ),
    Route(
        "GET",
        "/verify-offline.html",
        "The same page as one file, to keep and open from disk",
        {200: "text/html", 304: "text/html"},
        read=pages.verify_one_file,
    ),
    Route(
        "GET",
        "/verify.js",
        "The verifier: one ES module without dependencies",
        {200: "text/javascript", 304: "text/javascript"},
        read=pages.verify_module,
    ),
    Route(
        "GET",
        "/verify-page.js",
        "The page's script",
        {200: "text/javascript", 304: "text/javascript"},
        read=pages.verify_page_module,
    ),
    Route(
        "GET",
        "/verify-genesis.js",
        "Reads genesis.json as people write it",
        {200: "text/javascript", 304: "text/javascript"},
        read=pages.verify_genesis_module,
    ),
    Route(
        "GET",
        "/verify-codes.js",
        "Makes the verdict on a code anew from proven records",
        {200: "text/javascript", 304: "text/javascript"},
        read=pages.verify_codes_module,
    ),
    Route(
        "GET",
        "/verify-words.js",
        "The page's words, in English and Chinese",
        {200: "text/javascript", 304: "text/javascript"},
        read=pages.verify_words_module,
    ),
    Route(
        "GET",
        "/verify.css",
        "The page's style",
        {200: "text/css", 304: "text/css"},
        read=pages.verify_style,
    ),
)
