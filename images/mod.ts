/** Images made on the user's machine from the distribution's packages. Depends on lib alone. */
export {
  buildImage,
  imageKinds,
  isImageKind,
  type BuildRequest,
  type BuiltImage,
  type ImageKind,
} from './image.ts';
export { additionsVersion, starterVersion } from './version.ts';
