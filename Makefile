# make demo   a sample company in the window (without a screen: one business day headless, files in demo-output/)
# make test   every test, PostgreSQL included     make check   style, types, layers     make bench   the benchmarks
.PHONY: demo test check check-style check-format check-types check-layers bench setup setup-test lock clean
.DEFAULT_GOAL := demo

setup:
	@tools/setup.sh desktop

setup-test:
	@tools/setup.sh test

demo: setup
	@.venv/bin/erp-desktop demo

test: setup-test
	@.venv/bin/python -m pytest $(PYTEST_ARGS)

check: check-style check-format check-types check-layers

check-style: setup
	.venv/bin/ruff check .

check-format: setup
	.venv/bin/ruff format --check .

check-types: setup
	.venv/bin/mypy

check-layers: setup
	.venv/bin/lint-imports

bench: setup-test
	@.venv/bin/python -m benchmarks.all

# After a change of the dependencies in pyproject.toml; `make lock UPGRADE=--upgrade` takes the newest versions.
lock: setup
	.boot/bin/uv pip compile pyproject.toml --extra desktop --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-header --quiet $(UPGRADE) -o requirements.lock
	echo uv | .boot/bin/uv pip compile - --universal --python-version 3.11 \
	    --generate-hashes --no-header --quiet $(UPGRADE) -o tools/boot.lock

clean:
	rm -rf .venv .boot demo-output dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
