# The service of docs/serve.md: docker build -t spotter . && docker run -p 8000:8000 spotter
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml setup.py README.md LICENSE NOTICE ./
COPY configs configs
COPY spotter spotter
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir "$(ls /wheels/*.whl)[serve,pdf,heif]" && rm -r /wheels \
    && useradd --create-home --shell /usr/sbin/nologin spotter
USER spotter
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
ENTRYPOINT ["spotter", "serve", "--host", "0.0.0.0"]
CMD ["--processes", "1"]
