import { Suspense } from "react";

import { Shell } from "../shell";
import { FilesView } from "./view";

export default function FilesPage() {
  return (
    <Shell>
      <Suspense>
        <FilesView />
      </Suspense>
    </Shell>
  );
}
