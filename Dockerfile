# The Everstore server as a small image: no root, journals in /everstore/journals, port 6929. docs/install.md tells
# how to use it.
#
# BASE may be any image with Python 3.11 or newer and its venv module, at the same path in every stage since it is
# the same image.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
# pip stays behind in this stage: it installs into an environment that has none.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/everstore
COPY . /source
# Both secrets are optional: how pip reaches its packages where the default does not do.
RUN --mount=type=secret,id=pip.conf,target=/run/secrets/pip.conf \
    --mount=type=secret,id=certificates,target=/run/secrets/certificates \
    if [ -e /run/secrets/pip.conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip.conf; fi \
 && /opt/pip/bin/pip --python /opt/everstore/bin/python install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
    /source/adapters/python /source \
 && find /opt/everstore -type d \( -name tests -o -name _tests \) -prune -exec rm -rf {} +

FROM ${BASE}
COPY --from=build /opt/everstore /opt/everstore
COPY docker/entrypoint /usr/local/bin/everstore-entrypoint
# 1000 is the first user on most machines, so that the folder which somebody mounts there is usually theirs and ours
# at once. By number, since an orchestrator can tell from a number only that it is not root. Any other user does as
# well, if the journals are writable for it.
RUN mkdir -p /everstore/journals && chown 1000:1000 /everstore/journals
ENV PATH=/opt/everstore/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/everstore \
    EVERSTORE_HOST=0.0.0.0 \
    EVERSTORE_PORT=6929 \
    EVERSTORE_JOURNALS=/everstore/journals
WORKDIR /everstore
USER 1000:1000
VOLUME /everstore/journals
EXPOSE 6929
# Through the entry point, which knows where the password is.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["everstore-entrypoint", "everstore", "status"]
ENTRYPOINT ["everstore-entrypoint"]
