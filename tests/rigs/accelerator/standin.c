/* A TFLite delegate that claims the operator which the Edge TPU's compiler leaves, and misbehaves on demand.
 *
 * Stand-in for hardware that is not there: it proves plumbing, never accuracy or speed. The structures below repeat,
 * in our own words, the beginning of those that every delegate shares with the interpreter (the public C interface of
 * TFLite); what is not needed is left out or kept as padding.
 *
 * The file CONTROL, named when this is compiled, holds one word, read whenever something is to be done:
 *   ok      work
 *   stall   never come back from a run
 *   vanish  fail in a run, and cannot be opened
 *   abort   end the process in a run, and when it is opened
 *   absent  cannot be opened
 *
 * A run with one output writes the absolute values of the input to it; with four, one detection in the middle.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, FAILED = 1 };

typedef struct {
  int size;
  int data[];
} IntArray;

typedef struct {
  int type;
  void *data;
  IntArray *dims;
  float scale;
  int32_t zero_point;
  int allocation;
  size_t bytes;
  const void *mapped;
  const char *name;
  void *delegate;
  int handle;
  bool stale, variable;
  int quantisation;
  void *quantisation_parameters;
  void *sparsity;
  const IntArray *signature;
} Tensor;

typedef struct {
  IntArray *inputs, *outputs, *intermediates, *temporaries;
} Node;

struct Context;
typedef struct {
  void *(*init)(struct Context *, const char *, size_t);
  void (*release)(struct Context *, void *);
  int (*prepare)(struct Context *, Node *);
  int (*invoke)(struct Context *, Node *);
  const char *(*profiling)(const struct Context *, const Node *);
  int32_t builtin;
  const char *custom;
  int version;
  void *external;
  void *async;
  uint64_t in_place;
} Operator;

typedef struct Delegate {
  void *data;
  int (*prepare)(struct Context *, struct Delegate *);
  void *copy_from, *copy_to, *free_handle;
  int64_t flags;
  void *opaque;
} Delegate;

typedef struct Context {
  size_t tensors_size;
  int (*plan)(struct Context *, IntArray **);
  Tensor *tensors;
  void *implementation;
  void *resize, *report, *add;
  int (*node)(struct Context *, int, Node **, Operator **);
  int (*replace)(struct Context *, Operator, const IntArray *, Delegate *);
} Context;

static bool is(const char *wanted) {
  char word[16] = "ok";
  FILE *file = fopen(CONTROL, "r");
  if (file) {
    if (fscanf(file, "%15s", word) != 1) strcpy(word, "ok");
    fclose(file);
  }
  return strcmp(word, wanted) == 0;
}

static int prepare_node(Context *context, Node *node) {
  (void)context;
  (void)node;
  return OK;
}

static void detect(Context *context, const IntArray *outputs) {
  static const float box[4] = {0.3f, 0.4f, 0.7f, 0.6f};
  for (int k = 0; k < outputs->size; k++) {
    Tensor *tensor = &context->tensors[outputs->data[k]];
    memset(tensor->data, 0, tensor->bytes);
  }
  memcpy(context->tensors[outputs->data[0]].data, box, sizeof box);
  *(float *)context->tensors[outputs->data[2]].data = 0.9f;
  *(float *)context->tensors[outputs->data[3]].data = 1.0f;
}

static int invoke(Context *context, Node *node) {
  if (is("abort")) abort();
  while (is("stall")) usleep(100000);
  if (is("vanish")) return FAILED;
  if (node->outputs->size == 4) {
    detect(context, node->outputs);
    return OK;
  }
  Tensor *from = &context->tensors[node->inputs->data[0]], *to = &context->tensors[node->outputs->data[0]];
  if (from->bytes != to->bytes) return FAILED;
  for (size_t k = 0; k < from->bytes / sizeof(float); k++)
    ((float *)to->data)[k] = fabsf(((const float *)from->data)[k]);
  return OK;
}

static int prepare(Context *context, Delegate *delegate) {
  IntArray *plan;
  if (context->plan(context, &plan) != OK) return FAILED;
  IntArray *ours = malloc(sizeof(IntArray) + sizeof(int) * (size_t)plan->size);
  ours->size = 0;
  for (int k = 0; k < plan->size; k++) {
    Node *node;
    Operator *operator;
    if (context->node(context, plan->data[k], &node, &operator) != OK) return FAILED;
    if (operator->custom && strcmp(operator->custom, "edgetpu-custom-op") == 0)
      ours->data[ours->size++] = plan->data[k];
  }
  Operator kernel = {0};
  kernel.prepare = prepare_node;
  kernel.invoke = invoke;
  kernel.custom = "StandIn";
  kernel.version = 1;
  int done = context->replace(context, kernel, ours, delegate);
  free(ours);
  return done;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  (void)keys;
  (void)values;
  (void)count;
  if (is("abort")) abort();
  if (is("absent") || is("vanish")) {
    if (report) report("no such device");
    return NULL;
  }
  Delegate *delegate = calloc(1, sizeof(Delegate));
  delegate->prepare = prepare;
  delegate->flags = 1;  // dynamic tensors are allowed, as the Edge TPU's own does
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
