"""The page in a real browser: every kind of model is asked, and what came of it is seen.

Debian's Chromium and its driver are needed (`scripts/browser` installs them); without them these tests are skipped.
"""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from trireme.server.process import Ports, Server

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1600",
)
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="there is no Chromium with its driver; scripts/browser installs it"
)
ROOT = Path(__file__).parents[2]


def listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def address(sources, tmp_path_factory, wait_until):
    """The page in front of a gateway in front of a Triton, each a process."""
    folder, spans, gateway, page = tmp_path_factory.mktemp("demo"), *(Ports.free().http for _ in range(3))
    own = f'store = "{folder}/traces.sqlite", port = {spans}'
    (folder / "gateway.toml").write_text(f'keys = "{folder}/keys.json"\ntracing = {{ {own} }}\n')
    program = str(Path(sys.executable).with_name("trireme"))
    with Server(sources.root / "model_repository", folder / "log", traces=f"http://127.0.0.1:{spans}/v1/traces") as triton:
        flags = ["--config", str(folder / "gateway.toml"), "--insecure", "--triton", triton.grpc, "--port", str(gateway)]
        commands = (
            [program, "gateway", *flags],
            [program, "demo", "--gateway", f"http://127.0.0.1:{gateway}", "--port", str(page)],
        )
        with (folder / "out").open("w") as out:
            running = [subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) for command in commands]  # noqa: S603 - our own
        wait_until(lambda: listens(gateway) and listens(page), seconds=60)
        yield f"http://127.0.0.1:{page}"
        for process in running:
            process.terminate()
            process.wait(timeout=20)
    assert not listens(page)


class Page:
    """What a person does with the page."""

    def __init__(self, driver):
        self.driver = driver

    def until(self, seen):
        waiting = WebDriverWait(self.driver, 60, ignored_exceptions=(StaleElementReferenceException, IndexError))
        return waiting.until(lambda _: seen())

    def find(self, selector, text=""):
        return [one for one in self.driver.find_elements(By.CSS_SELECTOR, selector) if one.text.strip() == text or not text]

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def choose(self, model):
        self.until(lambda: self.find("div[role=radiogroup] label", model)[0]).click()
        self.until(lambda: self.find("h3", model))

    def ask(self):
        self.until(lambda: self.find("button", "Ask")[0]).click()


@pytest.fixture(scope="module")
def page(address, tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.get(address)
    yield Page(driver)
    driver.save_screenshot(str(tmp_path_factory.mktemp("seen") / "last.png"))
    driver.quit()


def test_a_table_is_a_form_of_its_numbers(page):
    page.choose("credit_scoring")
    page.ask()
    page.until(lambda: "probability_of_default" in page.find("div[data-testid=stJson]")[0].text)


def test_a_text_is_classified_and_its_waterfall_drawn(page):
    page.choose("text_classification")
    page.until(lambda: page.find("textarea")[0]).send_keys(" and a warm soup")
    page.ask()
    page.until(lambda: "positive" in page.find("div[data-testid=stJson]")[0].text)
    page.until(lambda: "where the time went, in ms" in page.text())
    frame = page.until(lambda: page.find("iframe")[0])
    page.driver.switch_to.frame(frame)
    drawn = page.text()
    page.driver.switch_to.default_content()
    assert "text_encoder" in drawn or "unseen" in drawn
    assert "triton" in drawn


def test_an_image_is_shown_with_its_boxes(page, sources):
    page.choose("image_detection")
    image = sources.root / "ensembles" / "image_detection" / "examples" / "scene.jpg"
    page.until(lambda: page.find("input[type=file]")[0]).send_keys(str(image))
    page.until(lambda: "scene.jpg" in page.text())
    page.ask()
    page.until(lambda: "circle" in page.find("div[data-testid=stJson]")[0].text)
    assert page.until(lambda: page.find("div[data-testid=stImage] img"))


def test_a_refusal_says_the_field(page):
    page.choose("text_classification")
    area = page.until(lambda: page.find("textarea")[0])
    area.send_keys(Keys.CONTROL, "a")
    area.send_keys(" ")
    page.ask()
    page.until(lambda: "The model refused the input" in page.text())


def test_the_load_is_there(page):
    page.until(lambda: {"running", "waiting", "shed", "cache hits"} <= set(page.text().split("\n")))


def test_nothing_is_fetched_from_elsewhere(page):
    found = page.driver.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert [name for name in found if not name.startswith(("http://127.0.0.1", "data:", "blob:"))] == []
