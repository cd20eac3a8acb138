package dev.twofold.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Logits of novels-13m from an independent float32 implementation. */
public final class Goldens {

    private final StoredTensors tensors;

    private Goldens(StoredTensors tensors) {
        this.tensors = tensors;
    }

    public static Goldens load() {
        try (InputStream in = Goldens.class.getResourceAsStream("/goldens/novels-13m.safetensors")) {
            return new Goldens(StoredTensors.of(in.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The tokens that every golden was computed on, {@code [rows][length]}. */
    public long[][] tokens() {
        return tensors.ids("tokens");
    }

    /** The logits of a plan, {@code [rows * length * vocabulary]}. */
    public float[] logits(String plan) {
        return tensors.floats(plan);
    }
}
