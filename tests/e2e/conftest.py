import os

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.browsing import ARGUMENTS, chromium


@pytest.fixture(scope="session")
def browser():
    executable, env = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS, env={**os.environ, **env})
        yield running
        running.close()
