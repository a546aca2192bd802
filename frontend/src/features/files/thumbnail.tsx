import { Archive, File, FileText, Film, Folder, Image as Picture, Music } from "lucide-react";

import type { Schemas } from "@/lib/api/client";

function iconFor(type: string | null | undefined, kind: string | undefined, className: string) {
  if (kind === "folder") return <Folder className={`${className} text-accent`} aria-hidden />;
  const look = `${className} text-muted`;
  if (kind === "video") return <Film className={look} aria-hidden />;
  if (kind === "audio") return <Music className={look} aria-hidden />;
  if (kind === "image") return <Picture className={look} aria-hidden />;
  if (type?.startsWith("text/")) return <FileText className={look} aria-hidden />;
  if (type && /zip|tar|rar|7z|gzip/.test(type)) return <Archive className={look} aria-hidden />;
  return <File className={look} aria-hidden />;
}

type Props = { kind: "folder" | "file"; preview: Schemas["Preview"] | null | undefined; mediaType: string | null | undefined; className?: string };

/** A picture of the file where there is one, else an icon of its kind. */
export function Thumbnail({ kind, preview, mediaType, className = "size-10" }: Props) {
  return (
    <div className={`flex shrink-0 items-center justify-center overflow-hidden rounded-md bg-sunken ${className}`}>
      {preview?.thumbnail_url ? (
        // eslint-disable-next-line @next/next/no-img-element -- presigned URLs of any host; there is no image server in an export
        <img src={preview.thumbnail_url} alt="" loading="lazy" decoding="async" className="size-full bg-cover object-cover" style={preview.placeholder ? { backgroundImage: `url(${preview.placeholder})` } : undefined} />
      ) : (
        iconFor(mediaType, kind === "folder" ? kind : preview?.kind, "size-1/2")
      )}
    </div>
  );
}
