# The `protoloop` command, and its operator, as images: no shell, no package manager, not root.
#
#   buildah bud -t protoloop:0.1.0 .                                   the command
#   buildah bud -t protoloop-operator:0.1.0 --target operator .        the operator
#
# `docker build` takes the same words.
ARG RUST=docker.io/library/rust:1.95.0-bookworm
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

# The manifests, with every source file reduced to nothing: what this stage gives changes only when a manifest does or a
# file comes or goes, so that the layer of built dependencies below it is found again.
FROM ${RUST} AS manifests
WORKDIR /src
COPY . .
RUN find . -name '*.rs' -exec sh -c 'for file; do echo "fn main() { }" > "$file"; done' - {} + \
 && find . -type f ! -name '*.rs' ! -name Cargo.toml ! -name Cargo.lock ! -path './.cargo/*' -delete

FROM ${RUST} AS build
WORKDIR /src
COPY --from=manifests /src .
RUN cargo build --locked --release --package protoloop-cli --package protoloop-operator --features protoloop-cli/kubernetes,protoloop-cli/otlp --bins
COPY . .
# The compiler is this image's, without a look at what else rust-toolchain.toml asks for; sources are newer than what was built from nothing.
RUN rm rust-toolchain.toml \
 && find . -name '*.rs' -exec touch {} + \
 && cargo build --locked --release --package protoloop-cli --package protoloop-operator --features protoloop-cli/kubernetes,protoloop-cli/otlp --bins \
 && install -D --target-directory /out/usr/local/bin target/release/protoloop target/release/protoloop-operator

FROM ${BASE} AS operator
COPY --from=build /out/usr/local/bin/protoloop-operator /usr/local/bin/protoloop-operator
LABEL org.opencontainers.image.title="protoloop-operator" org.opencontainers.image.licenses="MIT OR Apache-2.0"
USER 65532:65532
EXPOSE 8081
ENTRYPOINT ["/usr/local/bin/protoloop-operator"]

# Everything is read-only, but for what a volume brings.
FROM ${BASE} AS protoloop
COPY --from=build /out/usr/local/bin/protoloop /usr/local/bin/protoloop
LABEL org.opencontainers.image.title="protoloop" org.opencontainers.image.licenses="MIT OR Apache-2.0"
ENV PROTOLOOP_LISTEN=0.0.0.0:8080 PROTOLOOP_LOG_FORMAT=json
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/protoloop"]
