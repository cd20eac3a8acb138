package dev.twofold.checkpoint;

import dev.twofold.weight.Weight;
import java.util.Optional;

/** Changes to the tensors of a checkpoint, such as an adapter makes. */
public interface Adaptation {

    /** The tensor that takes the place of another, if there is one. */
    Optional<? extends Weight.OnDisk> replacement(String name);

    /**
     * A matrix {@code [out, in]} with what is added to it.
     *
     * @param name of the checkpoint's tensor
     */
    Weight apply(String name, Weight matrix);

    /** @throws dev.twofold.diag.TwofoldException of kind INPUT if it has something that was not asked for */
    void requireUsed();
}
