export const maxPicture = 512_000; // bytes, the server's limit
const maxSide = 1600; // pixels
const types = ["image/png", "image/jpeg", "image/gif", "image/webp"];

// readPicture returns a file as { name, type, width, height, data }. One that is too large is scaled down first.
export async function readPicture(file) {
  if (!types.includes(file.type)) throw new Error("A picture must be PNG, JPEG, GIF or WebP.");
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error("This file cannot be read as a picture.");
  }
  try {
    let { width, height } = bitmap;
    let blob = file;
    for (let side = maxSide; blob.size > maxPicture && side >= 200; side = Math.floor(side * 0.7)) {
      const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
      width = Math.max(1, Math.round(bitmap.width * scale));
      height = Math.max(1, Math.round(bitmap.height * scale));
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
      blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
    }
    if (blob.size > maxPicture) throw new Error(`The picture is larger than ${maxPicture / 1000} KB.`);
    const name = Array.from(file.name).slice(0, 200).join("");
    return { name, type: blob.type, width, height, data: await blob.arrayBuffer() };
  } finally {
    bitmap.close();
  }
}
