# The mock as an image: `docker build -t ozkit-mock .`, then `docker run -p 127.0.0.1:8080:8080 ozkit-mock`.
# Options are given as words behind the name, or as variables: -e OZKIT_MOCK_EDITION=deployed.
FROM python:3.12-slim AS build
COPY . /src
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir build==1.2.2 \
    && /tools/bin/python -m build --wheel --outdir /wheels /src/mockserver \
    && python -m venv /opt/ozkit && /opt/ozkit/bin/pip install --no-cache-dir /wheels/*.whl

FROM python:3.12-slim
COPY --from=build /opt/ozkit /opt/ozkit
RUN useradd --system --uid 10001 --no-create-home ozkit && mkdir /scenarios
ENV PATH=/opt/ozkit/bin:$PATH PYTHONUNBUFFERED=1 OZKIT_MOCK_HOST=0.0.0.0 OZKIT_MOCK_PORT=8080
USER 10001
WORKDIR /scenarios
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["python", "-m", "onezone_mockserver.health"]
ENTRYPOINT ["ozkit", "mock"]
