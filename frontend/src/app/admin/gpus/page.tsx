"use client";

import { Gpus } from "@/features/operations";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function GpusPage() {
  return (
    <Shell>
      <Page title={t`GPUs`}>
        <Gpus />
      </Page>
    </Shell>
  );
}
