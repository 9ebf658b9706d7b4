# The image of Sluice: the panel, the program with the panel inside, and a base without a shell.
#
#   docker build --build-arg VERSION=1.2.3 -t sluice:1.2.3 .
#
# Base images are pinned by digest; the tag beside it says what it is, and both are raised together. The commands need
# no BuildKit, because Heroku's builder has none, and name no absolute path, so that internal/deploytest can carry
# them out in a folder of its own.

# panel is the control panel's page, which the program embeds.
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS panel
WORKDIR /src/ui/web
COPY ui/web/package.json ui/web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY ui/web ./
RUN npm run build

# build is the program.
FROM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=panel /src/ui/web/dist ui/web/dist
ARG VERSION=dev
ENV CGO_ENABLED=0
RUN go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o bin/sluice ./app

# heroku is for heroku.yml alone: Heroku runs commands by /bin/sh, and shows a release's output only if there is a curl.
FROM alpine:3.22@sha256:14358309a308569c32bdc37e2e0e9694be33a9d99e68afb0f5ff33cc1f695dce AS heroku
RUN apk add --no-cache ca-certificates curl tzdata
COPY --from=build /src/bin/sluice /usr/local/bin/sluice
USER 65532:65532
CMD ["sluice", "serve"]

FROM gcr.io/distroless/static-debian13:nonroot@sha256:f7f8f729987ad0fdf6b05eeeae94b26e6a0f613bdf46feea7fc40f7bd72953e6
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="Connects BigCommerce stores to the systems that run the merchants' businesses, at the full speed of their API quotas" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /src/bin/sluice /sluice
# A number, so that Kubernetes can see that it is not root. Nothing is written but temporary files: run it read-only.
USER 65532:65532
EXPOSE 8080 9090
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["/sluice", "health"]
ENTRYPOINT ["/sluice"]
CMD ["serve"]
