# hunmin on a CPU, or on a GPU with the NVIDIA container toolkit (torch's default build brings CUDA on Linux).
FROM python:3.11-slim
RUN useradd --create-home hunmin
WORKDIR /opt/hunmin
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
RUN pip install --no-cache-dir -c constraints.txt torch && pip install --no-cache-dir -c constraints.txt ".[all]"
USER hunmin
WORKDIR /home/hunmin
ENTRYPOINT ["hunmin"]
CMD ["--help"]
