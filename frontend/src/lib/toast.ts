import type { ExternalToast } from "sonner";

/** Short messages at the edge of the page; what draws them is fetched when the page is there already. */
const load = () => import("sonner");

const say = (text: string, options?: ExternalToast) => void load().then((found) => found.toast(text, options));
const error = (text: string, options?: ExternalToast) => void load().then((found) => found.toast.error(text, options));
const success = (text: string, options?: ExternalToast) => void load().then((found) => found.toast.success(text, options));

export const toast = Object.assign(say, { error, success });
