package dev.twofold.embedding;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderText;
import dev.twofold.pass.NotApplicable;
import dev.twofold.source.Companion;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
import dev.twofold.tensor.DType;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Placement;
import dev.twofold.weight.WeightWriter.Written;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/** A second target, of a few lines: the decoder as text, and the weights of its layers one after the other. */
record TextTarget() implements Target {

    @Override
    public String name() {
        return "text";
    }

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("language", "English"));
    }

    @Override
    public Optional<NotApplicable> check(Decoder decoder, List<Companion> originals) {
        return decoder.sharding().map(cut -> new NotApplicable("text has no devices", "leave out --devices"));
    }

    @Override
    public List<Part> parts(Decoder decoder) {
        return List.of(Part.whole(decoder));
    }

    @Override
    public Preview preview(Part part) {
        long bytes =
                placements(part.decoder()).stream().mapToLong(Placement::bytes).sum();
        return new Preview(bytes, bytes, 0, OptionalInt.empty());
    }

    @Override
    public String weightFile() {
        return "weights.bin";
    }

    @Override
    public Written write(Part part, List<Companion> originals, Path directory, WeightWriter writer) {
        try {
            Files.writeString(directory.resolve("model.txt"), DecoderText.of(part.decoder()));
            return writer.write(directory.resolve(weightFile()), placements(part.decoder()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Placement> placements(Decoder decoder) {
        List<Placement> placements = new ArrayList<>();
        long[] offset = {0};
        decoder.branches().map(Branch::body).flatMap(body -> body.weights()).forEach(weight -> {
            placements.add(new Placement("w" + placements.size(), weight, DType.F32, offset[0]));
            offset[0] += placements.get(placements.size() - 1).bytes();
        });
        return placements;
    }

    @Override
    public void companions(Part part, List<Companion> originals, Path directory) {}

    @Override
    public void verify(Part part, Path directory) {
        if (!Files.exists(directory.resolve("model.txt"))) {
            throw new IllegalStateException("nothing was written");
        }
    }
}
