"use client";

import { OpenUploads } from "@/features/uploads";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function OpenUploadsPage() {
  return (
    <Shell>
      <Page title={t`Open uploads`}>
        <OpenUploads />
      </Page>
    </Shell>
  );
}
