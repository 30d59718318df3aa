/** Routes of images. */
import { imageAddSchema, imageBuildSchema, imageSchema } from '../image.ts';
import { dryRunQuerySchema, listQuerySchema, pageSchema } from '../list.ts';
import { route, type Route } from './route.ts';
import { one } from './params.ts';

export const imagesRoutes = {
  'image.list': route({
    method: 'GET',
    path: '/images',
    summary: 'List images',
    group: 'images',
    right: 'image.view',
    anywhere: true,
    query: listQuerySchema,
    answer: 'now',
    response: pageSchema(imageSchema, 'Image'),
  }),
  'image.show': route({
    method: 'GET',
    path: '/images/{image}',
    summary: 'Show an image',
    group: 'images',
    right: 'image.view',
    on: 'image',
    params: one('image'),
    answer: 'now',
    response: imageSchema,
  }),
  'image.build': route({
    method: 'POST',
    path: '/images/build',
    summary: 'Build an image on a host',
    group: 'images',
    right: 'image.manage',
    anywhere: true,
    query: dryRunQuerySchema,
    body: imageBuildSchema,
    answer: 'operation',
  }),
  'image.add': route({
    method: 'POST',
    path: '/images',
    summary: 'Make a file of a host known as an image',
    group: 'images',
    right: 'image.manage',
    anywhere: true,
    query: dryRunQuerySchema,
    body: imageAddSchema,
    answer: 'operation',
  }),
  'image.delete': route({
    method: 'DELETE',
    path: '/images/{image}',
    summary: 'Forget an image; a built one is deleted',
    group: 'images',
    right: 'image.manage',
    on: 'image',
    params: one('image'),
    query: dryRunQuerySchema,
    answer: 'operation',
    conditional: true,
  }),
} as const satisfies Record<string, Route>;
