export function writeBuildStamp(): void;
export function assertBuildIsFresh(): void;
