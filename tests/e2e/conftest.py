import os

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.browsing import ARGUMENTS, chromium


@pytest.fixture(scope="module")
def browser():
    """For one module: while it is open, its event loop runs in this thread, and no other may."""
    executable, env = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS, env={**os.environ, **env})
        yield running
        running.close()
