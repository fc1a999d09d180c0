"""The watch over the tests itself: what a careless test leaves behind fails that test."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def watched(pytester: pytest.Pytester) -> pytest.Pytester:
    """A directory with the thread watch of this suite, and a shorter patience."""
    tests = Path(__file__).parent
    pytester.makepyfile(postgres_clones=(tests / "postgres_clones.py").read_text(encoding="utf-8"))
    source = (tests / "conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(
        source.replace("SECONDS_FOR_THREADS_TO_END = 60.0", "SECONDS_FOR_THREADS_TO_END = 0.2").replace(
            "pytest_plugins", "plugins_of_the_suite"
        )
    )
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return pytester


def test_a_test_that_leaves_a_thread_behind_fails_and_names_it(watched: pytest.Pytester) -> None:
    watched.makepyfile(
        """
        import threading, time
        def test_careless():
            threading.Thread(target=time.sleep, args=(600,), name="forgotten poller", daemon=True).start()
        def test_careful():
            thread = threading.Thread(target=time.sleep, args=(0.01,))
            thread.start()
            thread.join()
        """
    )
    result = watched.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*threads left behind: forgotten poller*"])


def test_an_exception_on_a_thread_fails_the_test(watched: pytest.Pytester) -> None:
    watched.makepyfile(
        """
        import threading
        def test_careless():
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()
        """
    )
    result = watched.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*ZeroDivisionError*"])


def test_in_ci_a_missing_postgresql_fails_instead_of_skipping(
    watched: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.makepyfile(
        """
        import conftest
        conftest.postgres_programs = lambda: None
        def test_needs_postgresql(postgres_server):
            pass
        """
    )
    monkeypatch.delenv("CI", raising=False)
    watched.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(skipped=1)
    monkeypatch.setenv("CI", "true")
    watched.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(errors=1)
