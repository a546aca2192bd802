import type { NextConfig } from "next";

const api = process.env.STOWAGE_API_URL ?? "http://localhost:8000";
const isDevelopment = process.env.NODE_ENV === "development";

// The export is served by the API itself; in development the API stands behind this server, so that cookies and paths are the same.
const config: NextConfig = {
  ...(isDevelopment
    ? { rewrites: async () => [{ source: "/api/:path*", destination: `${api}/api/:path*` }] }
    : { output: "export" as const }),
  trailingSlash: true,
  skipTrailingSlashRedirect: true,
  images: { unoptimized: true },
  reactStrictMode: true,
};

export default config;
