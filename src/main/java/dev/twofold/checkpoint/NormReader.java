package dev.twofold.checkpoint;

import dev.twofold.decoder.Norm;
import dev.twofold.family.NormStyle;
import dev.twofold.family.NormStyle.Gain;
import dev.twofold.family.NormStyle.NormKind;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;

/** Reads norms of a family's kind. */
final class NormReader {

    private final NormStyle style;
    private final TensorSource tensors;
    private final double epsilon;

    NormReader(NormStyle style, Settings settings, TensorSource tensors) {
        this.style = style;
        this.tensors = tensors;
        this.epsilon = settings.number(style.epsilon())
                .orElseThrow(() -> settings.config().missing(Settings.name(style.epsilon(), "epsilon")));
    }

    Norm norm(String name, long size) {
        Weight gain = style.gain() == Gain.NONE ? Norm.unitGain(size) : gain(tensors.tensor(name + ".weight", size));
        Optional<Weight> bias = style.bias() ? Optional.of(tensors.tensor(name + ".bias", size)) : Optional.empty();
        return new Norm(kind(), gain, bias, epsilon);
    }

    /** A norm without bias, and with a gain that was read already. */
    Norm norm(Weight gain) {
        return new Norm(kind(), gain(gain), Optional.empty(), epsilon);
    }

    /** A norm of heads that have no gain. */
    Norm unit(long size) {
        return new Norm(kind(), Norm.unitGain(size), Optional.empty(), epsilon);
    }

    private Weight gain(Weight stored) {
        long size = stored.shape().dim(0);
        return style.gain() == Gain.ONE_PLUS ? Weights.sum(List.of(stored, Norm.unitGain(size))) : stored;
    }

    private Norm.Kind kind() {
        return style.kind() == NormKind.RMS ? Norm.Kind.RMS : Norm.Kind.LAYER;
    }
}
