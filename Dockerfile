# Personalize Local with its companion for S3, IAM and STS, on one port.
#   docker build -t personalize-local .
#   docker run --rm -p 127.0.0.1:4777:4777 -v personalize:/var/lib/personalize personalize-local
# Scripts mounted at /etc/personalize/init.d run once it answers; docs/container.md tells more.

FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY botocore_shapes ./botocore_shapes
COPY personalize_local ./personalize_local
RUN python -m venv /opt/personalize-local \
    && /opt/personalize-local/bin/pip install --no-cache-dir --disable-pip-version-check '.[moto]'

FROM python:3.12-slim
# implicit's wheels are linked against the system's OpenMP, which the slim image leaves out.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --no-create-home --home-dir /var/lib/personalize --shell /usr/sbin/nologin personalize \
    && install -d -o personalize -g personalize /var/lib/personalize \
    && install -d /etc/personalize/init.d
COPY --from=build /opt/personalize-local /opt/personalize-local
# More than one thread of linear algebra per process is slower on busy machines, and not reproducible.
ENV PATH=/opt/personalize-local/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    PERSONALIZE_LOCAL_HOST=0.0.0.0 \
    PERSONALIZE_LOCAL_DATA=/var/lib/personalize \
    PERSONALIZE_LOCAL_INIT=/etc/personalize/init.d
USER personalize
WORKDIR /var/lib/personalize
VOLUME /var/lib/personalize
EXPOSE 4777
# Healthy once the init scripts have run; while they do the start period counts no failure.
HEALTHCHECK --interval=5s --timeout=6s --start-period=60s --retries=3 CMD ["personalize-local", "health"]
# The server stops in good order on SIGTERM, which it gets as the container's first process.
ENTRYPOINT ["personalize-local"]
CMD ["serve"]
