"use client";

import { useQuery } from "@tanstack/react-query";

import { api, bodyOf } from "@/lib/api/client";
import { bytes, type FileInfo } from "./api";

const LARGEST = 32 << 20;
const NEAR = 50;
const TURN = 137.5;

type Point = [number, number];
export type Shape = { label: string; points: Point[]; shape_type: string };
export type Labels = { shapes: Shape[]; imageWidth: number; imageHeight: number; imagePath: string };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isPoint = (value: unknown): value is Point => Array.isArray(value) && value.length === 2 && value.every((part) => Number.isFinite(part));
const isShape = (value: unknown): value is Shape => isObject(value) && typeof value["label"] === "string" && typeof value["shape_type"] === "string" && Array.isArray(value["points"]) && value["points"].every(isPoint);

/** What labelme writes, or null for any other JSON. */
export function readLabels(text: string): Labels | null {
  try {
    const found: unknown = JSON.parse(text);
    if (!isObject(found) || !Array.isArray(found["shapes"]) || typeof found["imagePath"] !== "string") return null;
    const [width, height] = [Number(found["imageWidth"]), Number(found["imageHeight"])];
    return width > 0 && height > 0 ? { shapes: found["shapes"].filter(isShape), imageWidth: width, imageHeight: height, imagePath: found["imagePath"] } : null;
  } catch {
    return null;
  }
}

/** The file in the same folder that is called so; null where there is none. */
export function useSibling(file: FileInfo, name: string | null) {
  return useQuery({
    queryKey: ["sibling", file.id, name],
    enabled: name !== null,
    queryFn: async () => {
      const query = { q: name ?? "", limit: NEAR, ...(file.folder_id ? { folder: file.folder_id } : {}) };
      const page = await bodyOf(api.GET("/api/v1/projects/{project_id}/entries", { params: { path: { project_id: file.project_id }, query } }));
      const found = page.items.find((item) => item.kind === "file" && item.name === name && (item.size_bytes ?? 0) <= LARGEST);
      return found ? bodyOf(api.GET("/api/v1/files/{file_id}", { params: { path: { file_id: found.id } } })) : null;
    },
  });
}

/** Labels from the JSON beside a picture, where there is one of labelme. */
export function useLabels(file: FileInfo): Labels | null {
  const sibling = useSibling(file, file.name.replace(/\.[^.]+$/, ".json"));
  const id = sibling.data?.id;
  const labels = useQuery({
    queryKey: ["labels", id],
    enabled: id !== undefined,
    queryFn: async () => readLabels(await (await bytes(`/api/v1/files/${id}/content?proxy=1`)).text()),
  });
  return labels.data ?? null;
}

/** Colours as far apart as can be, in the order in which labels come. */
export const colourOf = (index: number) => `hsl(${(index * TURN) % 360} 85% 55%)`;
export const namesOf = (labels: Labels) => [...new Set(labels.shapes.map((shape) => shape.label))];

function Outline({ shape, colour }: { shape: Shape; colour: string }) {
  const [first = [0, 0], second = first] = shape.points;
  const look = { fill: colour, fillOpacity: 0.2, stroke: colour, strokeWidth: 2, vectorEffect: "non-scaling-stroke" } as const;
  const path = shape.points.map((point) => point.join(",")).join(" ");
  switch (shape.shape_type) {
    case "rectangle":
      return <rect x={Math.min(first[0], second[0])} y={Math.min(first[1], second[1])} width={Math.abs(second[0] - first[0])} height={Math.abs(second[1] - first[1])} {...look} />;
    case "circle":
      return <circle cx={first[0]} cy={first[1]} r={Math.hypot(second[0] - first[0], second[1] - first[1])} {...look} />;
    case "line":
    case "linestrip":
      return <polyline points={path} {...look} fill="none" />;
    case "point":
    case "points":
      return shape.points.map((point, index) => <path key={index} d={`M${point.join(",")}h0`} {...look} strokeWidth={8} strokeLinecap="round" />);
    default:
      return <polygon points={path} {...look} />;
  }
}

/** Shapes over a picture that fills the same box, whatever its size on the screen. */
export function Overlay({ labels }: { labels: Labels }) {
  const names = namesOf(labels);
  return (
    <svg viewBox={`0 0 ${labels.imageWidth} ${labels.imageHeight}`} className="pointer-events-none absolute inset-0 size-full" data-testid="labels" aria-hidden>
      {labels.shapes.map((shape, index) => (
        <Outline key={index} shape={shape} colour={colourOf(names.indexOf(shape.label))} />
      ))}
    </svg>
  );
}
