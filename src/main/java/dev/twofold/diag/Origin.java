package dev.twofold.diag;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where something came from: a file, and what in it.
 *
 * @param file the file's name or path as a user would recognise it; empty when there is none
 * @param layers the checkpoint's layers concerned, from 0; empty when none is
 * @param item a tensor, key or line within the file; empty when the whole file is meant
 */
public record Origin(String file, List<Integer> layers, String item) {

    public Origin {
        layers = List.copyOf(layers);
    }

    public static Origin file(Path file) {
        return new Origin(file.toString(), List.of(), "");
    }

    public static Origin tensor(Path file, String tensor) {
        return new Origin(file.toString(), List.of(), "tensor " + tensor);
    }

    public static Origin key(Path file, String key) {
        return new Origin(file.toString(), List.of(), "key " + key);
    }

    public static Origin line(String file, int line) {
        return new Origin(file, List.of(), "line " + line);
    }

    public static Origin layer(String file, int layer) {
        return new Origin(file, List.of(layer), "");
    }

    /** The same place, with other layers. */
    public Origin withLayers(List<Integer> others) {
        return new Origin(file, others, item);
    }

    /** {@code model.safetensors, layer 5, tensor x}, leaving out what is unknown. */
    public String describe() {
        String numbers = layers.stream().map(String::valueOf).collect(Collectors.joining("+"));
        String layer = layers.isEmpty() ? "" : (layers.size() == 1 ? "layer " : "layers ") + numbers;
        return Stream.of(file, layer, item).filter(part -> !part.isEmpty()).collect(Collectors.joining(", "));
    }
}
