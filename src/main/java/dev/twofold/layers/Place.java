package dev.twofold.layers;

/** Where a plan departs from the checkpoint: a range of whole layers that share a group, or a run of steps that are one. */
public sealed interface Place permits LayerRange, StepRange {

    /** Of its first step, in a chain of two steps a layer. */
    int firstPlace();

    /** Of its last step. */
    int lastPlace();

    /** Steps fewer than the checkpoint has there. */
    int stepsSaved(int stepsPerLayer);
}
