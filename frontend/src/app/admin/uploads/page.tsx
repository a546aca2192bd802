"use client";

import { OpenUploads } from "@/features/uploads";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function OpenUploadsPage() {
  return (
    <Shell>
      <Page title="Open uploads">
        <OpenUploads />
      </Page>
    </Shell>
  );
}
