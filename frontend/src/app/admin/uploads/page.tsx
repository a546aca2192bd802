"use client";

import { OpenUploads } from "@/features/uploads";
import { Shell } from "../../shell";

export default function OpenUploadsPage() {
  return (
    <Shell>
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-6 p-6 md:p-8">
        <h1 className="text-xl font-semibold">Open uploads</h1>
        <OpenUploads />
      </div>
    </Shell>
  );
}
