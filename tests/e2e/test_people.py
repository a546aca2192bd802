"""A team moves in: invited by link, made a member, signs in and out, makes a token; the administrator watches."""

import pytest

from tests.e2e.browsing import shoot, sign_in

PASSWORD = "a-long-enough-password"


@pytest.fixture
def pages(stack, browser):
    """Two people's browsers: the administrator's, signed in, and a newcomer's."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _ in range(2)]
    opened = [context.new_page() for context in contexts]
    errors = []
    for page in opened:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
    sign_in(opened[0], stack)
    yield opened
    assert errors == []
    for context in contexts:
        context.close()


@pytest.mark.browser
def test_somebody_is_invited_and_works_in_a_project(stack, client, pages):
    admin, newcomer = pages
    project = client.project("Reef survey")
    name = f"marie-{project[-8:]}"

    admin.click("nav >> text=People")
    admin.click("text=Invite by link")
    link = admin.text_content("[data-testid=secret]")
    shoot(admin, "people-invited")
    newcomer.goto(link)
    newcomer.fill("input[name=username]", name)
    newcomer.fill("input[name=password]", PASSWORD)
    newcomer.fill("input[name=again]", "something-else-entirely")
    newcomer.click("button[type=submit]")
    newcomer.wait_for_selector("text=The two passwords differ")
    shoot(newcomer, "join")
    newcomer.fill("input[name=again]", PASSWORD)
    newcomer.click("button[type=submit]")
    newcomer.wait_for_selector("text=Recent files")
    assert newcomer.locator("nav >> text=People").count() == 0

    admin.goto(f"{stack.base}/projects/settings/?project={project}")
    admin.fill("input[name=username]", name)
    admin.select_option("[aria-label='Role of the new member']", "viewer")
    admin.click("main >> button:text-is('Add')")
    admin.wait_for_selector(f"[data-member='{name}']")
    shoot(admin, "project-settings")
    newcomer.click("nav >> text=Projects")
    newcomer.click("main >> text=Reef survey")
    newcomer.click("[aria-label='Members and settings']")
    newcomer.wait_for_selector(f"[data-member='{name}']")
    assert newcomer.locator("main >> text=Delete project").count() == 0
    admin.select_option(f"[aria-label='Role of {name}']", "owner")
    newcomer.reload()
    newcomer.click("main >> text=Delete project")
    newcomer.wait_for_selector("text=Deleted, and not gone yet")
    shoot(newcomer, "projects-deleted")
    newcomer.click("main >> text=Restore")
    newcomer.wait_for_selector("a >> text=Reef survey")

    newcomer.click(f"text={name}")
    newcomer.fill("input[name=full_name]", "Marie T.")
    newcomer.click("main >> button:text-is('Save')")
    newcomer.wait_for_selector("a[href='/profile/'] >> text=Marie T.")
    newcomer.fill("section:has-text('API tokens') input[name=name]", "camera")
    newcomer.click("text=Make a key")
    token = newcomer.text_content("[data-testid=secret]")
    assert token.startswith("stwg_")
    shoot(newcomer, "profile")
    newcomer.click("text=Sign out everywhere")
    newcomer.wait_for_selector("text=Large media, safely stowed")

    admin.goto(f"{stack.base}/admin/people/")
    row = f"tr[data-username='{name}']"
    admin.wait_for_selector(row)
    admin.click(f"[aria-label='Change the quota of {name}']")
    admin.fill(f"[aria-label='Quota of {name}']", "5 GB")
    admin.click(f"{row} >> text=Save")
    admin.wait_for_selector(f"{row} >> text=of 5.0 GB")
    admin.click(f"[aria-label='Disable {name}']")
    admin.wait_for_selector(f"{row} >> text=Disabled")
    shoot(admin, "people")
    newcomer.fill("input[name=username]", name)
    newcomer.fill("input[name=password]", PASSWORD)
    newcomer.click("button[type=submit]")
    newcomer.wait_for_selector("text=This account is disabled")
    admin.goto(f"{stack.base}/admin/projects/")
    admin.wait_for_selector("[data-testid=all-projects] >> text=Reef survey")
    shoot(admin, "all-projects")
