"""Every page, light and dark, wide and narrow: no violation that axe finds, nothing wider than the window."""

import json

import pytest

from tests.e2e.browsing import shoot, sign_in
from tests.gpus import announce, forget
from tests.harness import ROOT

AXE = (ROOT / "frontend/node_modules/axe-core/axe.min.js").read_text()
# WCAG 2.2 AA and below.
RUN = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then((found) => found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`))"
FIGURES = '{"gpu_percent": 41, "decoder_percent": 63, "memory_bytes": 3000000000, "power_w": 312, "power_limit_w": 700, "slowed_by": ["power limit"]}'
PHONE, WIDE = {"width": 375, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def places(stack):
    """Path by name; what has to be there for it to show more than emptiness is made first."""
    with stack.client() as client:
        project = client.project("Reef survey")
        file = client.file_of(client.upload(project, b"a page of text\n" * 100, filename="notes about a rather long dive.txt"))["id"]
        client.create(project, 10_000_000, filename="unfinished.bin")
        client.post("/users/links", json={"email": "somebody@example.org"})
        client.post("/me/keys", json={"name": "camera", "scopes": ["read"]})
        kept = {"project_id": project, "path": "a folder/inside"}
        client.post("/folders", json=kept)
        client.put(f"/files/{file}/tags", json={"tags": ["night", "reef"]})
        trashed = client.file_of(client.upload(project, b"gone", filename="gone.txt"))["id"]
        client.delete(f"/files/{trashed}")
    # One that proved nothing, so that no film is planned for it.
    announce(stack, "cpu", "now() + interval '1 hour'", "It does not decode: Cannot load libcuda.so.1")
    stack.sql(
        f"INSERT INTO gpu_samples SELECT 'far:GPU-1', now() - make_interval(mins => minute), '{FIGURES}' FROM generate_series(0, 50) minute"
    )
    yield {
        "overview": "/",
        "projects": "/projects/",
        "files": f"/files/?project={project}",
        "file": f"/files/?project={project}&file={file}",
        "files-grid": f"/files/?project={project}&view=grid&sort=size&desc=1",
        "trash": f"/trash/?project={project}",
        "search": f"/search/?project={project}&q=notes&kind=text",
        "settings": f"/projects/settings/?project={project}",
        "profile": "/profile/",
        "people": "/admin/people/",
        "all-projects": "/admin/projects/",
        "open-uploads": "/admin/uploads/",
        "storage": "/admin/storage/",
        "jobs": "/admin/jobs/",
        "access-log": "/admin/audit/",
        "join": "/join/#no-such-link",
        "gpus": "/admin/gpus/",
        "not-found": "/no/such/page/",
    }
    forget(stack)


@pytest.fixture(params=["light", "dark"])
def page(request, stack, browser):
    context = browser.new_context(viewport=WIDE, color_scheme=request.param, reduced_motion="reduce")
    opened = context.new_page()
    opened.theme = request.param
    sign_in(opened, stack)
    yield opened
    context.close()


@pytest.mark.browser
def test_every_page_is_accessible_and_fits_a_phone(stack, places, page):
    found = {}
    for name, path in places.items():
        page.set_viewport_size(WIDE)
        page.goto(f"{stack.base}{path}")
        page.wait_for_selector("main")
        page.wait_for_timeout(600)
        page.wait_for_selector("[role=status]:has-text('…')", state="detached")
        page.evaluate(AXE)
        shoot(page, f"{name}-{page.theme}")
        if violations := page.evaluate(RUN):
            found[name] = violations
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(200)
        if page.theme == "light":
            shoot(page, f"{name}-phone")
        if (excess := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            found.setdefault(name, []).append(f"{excess} px wider than a phone")
    assert found == {}


# -- translation
LOCALES = ROOT / "frontend/public/locales"
SEEN = """() => {
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest('script, style')) found.add(texts.currentNode.data);
  for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
    for (const one of document.querySelectorAll(`[${name}]`)) found.add(one.getAttribute(name));
  return [...found].map((text) => text.trim()).filter((text) => /[a-z]{2}/i.test(text) && !text.startsWith('⟦'));
}"""
# Of the API's own words, which are not translated, these are ours as well.
OWN_WORDS = {"Stowage", "name", "none", "refused", "unknown", "another"}


@pytest.mark.browser
def test_every_text_can_be_translated(stack, places, browser):
    """A second language is chosen on the profile page; no text of the UI's own stays English anywhere."""
    english = json.loads((LOCALES / "en.json").read_text())
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.route("**/locales/index.json", lambda route: route.fulfill(json={"en": "English", "xx": "Pseudo"}))
    page.route("**/locales/xx.json", lambda route: route.fulfill(json={key: f"⟦{text}⟧" for key, text in english.items()}))
    sign_in(page, stack)
    page.goto(f"{stack.base}/profile/")
    page.select_option("select[aria-label=Language]", "xx")
    page.wait_for_selector("text=⟦Where you are signed in⟧")
    bare = set()
    for path in places.values():
        page.goto(f"{stack.base}{path}")
        page.wait_for_selector("text=⟦")
        page.wait_for_timeout(600)
        bare |= english.keys() & set(page.evaluate(SEEN)) - OWN_WORDS
    assert bare == set()
    context.close()
