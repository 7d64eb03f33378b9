import { dlopen, FFIType, ptr } from "bun:ffi";

/** macOS's identity of the present boot, `kern.bootsessionuuid`. Throws where the system does not tell. */
export function bootSession(): string {
  const { symbols, close } = dlopen("libSystem.B.dylib", {
    sysctlbyname: {
      args: [FFIType.cstring, FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.u64],
      returns: FFIType.i32,
    },
  });
  try {
    const value = Buffer.alloc(64);
    const size = new BigUint64Array([BigInt(value.length)]);
    const name = Buffer.from("kern.bootsessionuuid\0");
    if (symbols.sysctlbyname(ptr(name), ptr(value), ptr(size), null, 0n) !== 0) {
      throw new Error("sysctlbyname kern.bootsessionuuid failed");
    }
    return value.toString("latin1", 0, Number(size[0]) - 1);
  } finally {
    close();
  }
}
