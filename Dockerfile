# Two images: `platform` (Dagster, training, MLflow) and `serving` (the HTTP service alone).
#
#   docker build --target platform --tag migraine-platform .
#   docker build --target serving --tag migraine-serving .
#
# For a reproducible build, pin the base by digest: --build-arg BASE=python:3.11-slim-bookworm@sha256:...
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS tools
WORKDIR /build
COPY requirements/bootstrap.lock requirements/
RUN python3 -m venv /opt/tools \
    && /opt/tools/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY migraine_assets migraine_assets
COPY migraine_client migraine_client
COPY serving serving
RUN /opt/tools/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

# One environment per image. The bytecode is compiled here, because the containers are read-only.
FROM tools AS platform-environment
COPY requirements/platform.lock requirements/
RUN python3 -m venv --without-pip /opt/migraine \
    && /opt/tools/bin/uv pip install --python /opt/migraine --no-cache --compile-bytecode --no-deps --require-hashes -r requirements/platform.lock \
    && /opt/tools/bin/uv pip install --python /opt/migraine --no-cache --compile-bytecode --no-deps /wheels/*.whl

FROM tools AS serving-environment
COPY requirements/serving.lock requirements/
RUN python3 -m venv --without-pip /opt/migraine \
    && /opt/tools/bin/uv pip install --python /opt/migraine --no-cache --compile-bytecode --no-deps --require-hashes -r requirements/serving.lock \
    && /opt/tools/bin/uv pip install --python /opt/migraine --no-cache --compile-bytecode --no-deps /wheels/*.whl

FROM ${BASE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="migraine-platform" \
      org.opencontainers.image.description="Predict migraine attacks from headache diaries" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The user name appears in audit records, even if the cluster runs the process with another user ID.
RUN groupadd --gid 10001 migraine \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin migraine \
    && install --directory --owner=10001 --group=10001 --mode=0770 /var/lib/migraine \
    # KubeRay starts some containers in a login shell, which resets PATH.
    && echo "PATH=/opt/migraine/bin:\$PATH" >/etc/profile.d/migraine.sh
ENV PATH=/opt/migraine/bin:$PATH \
    HOME=/tmp \
    USER=migraine \
    MIGRAINE_HOME=/var/lib/migraine \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /var/lib/migraine
VOLUME /var/lib/migraine

FROM runtime AS serving
COPY --from=serving-environment /opt/migraine /opt/migraine
# The service listens on all interfaces, so requests need an API key: `migraine keys create NAME`.
ENV SERVING_HOST=0.0.0.0 \
    SERVING_API_KEYS_REQUIRED=true \
    SERVING_METRICS_PORT=9100
USER 10001
EXPOSE 8000 9100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('SERVING_PORT', '8000') + '/health', timeout=4)"]
CMD ["migraine", "serve"]

FROM runtime AS platform
# LightGBM needs the OpenMP runtime.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
COPY --from=platform-environment /opt/migraine /opt/migraine
ENV DO_NOT_TRACK=true \
    MLFLOW_DISABLE_TELEMETRY=true \
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
USER 10001
EXPOSE 4000
STOPSIGNAL SIGTERM
# The default command is the code location, a gRPC server for the webserver, the daemon and runs.
HEALTHCHECK --interval=30s --timeout=20s --start-period=90s --retries=3 \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
CMD ["dagster", "api", "grpc", "--host", "0.0.0.0", "--port", "4000", "--module-name", "migraine_assets.definitions", "--location-name", "migraine_assets"]
