export { AccessLog } from "./access-log";
