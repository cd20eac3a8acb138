package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.ort.Generation;
import dev.twofold.ort.ModelSession;
import dev.twofold.ort.Waiting;
import dev.twofold.pipeline.ModelOpener;
import dev.twofold.pipeline.OutputModel;
import dev.twofold.report.Manifest;
import dev.twofold.report.RankDirectories;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "generate", mixinStandardHelpOptions = true, description = "Writes text with a converted model.")
final class GenerateCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "DIR",
            description = "A directory that convert wrote, or one of the models in it: DIR/onnx/model_q4.onnx.")
    private Path place = Path.of("");

    @Mixin
    private PromptOptions prompt = new PromptOptions();

    @Option(names = "--max-tokens", paramLabel = "N", description = "How many tokens to write at most (default: 64).")
    private int maxTokens = 64;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0 always takes the likeliest token (default). Above 0 tokens are drawn at random, the more"
                    + " freely the higher it is.")
    private double temperature;

    @Option(names = "--seed", paramLabel = "S", description = "The seed for drawing tokens (default: 0).")
    private long seed;

    @Mixin
    private ThreadOptions threads = new ThreadOptions();

    @Mixin
    private HostOptions hosting = new HostOptions();

    @Mixin
    private Console console = new Console();

    @Override
    public Integer call() {
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw TwofoldException.usage("--temperature should be 0 or a positive number");
        }
        if (maxTokens < 1) {
            throw TwofoldException.usage("--max-tokens should be 1 or more");
        }
        OutputModel model = OutputModel.of(place);
        model.notes().forEach(console::notice);
        Manifest manifest = model.manifest();
        PromptOptions.Prompt asked = prompt.read();
        try (ModelSession session = new ModelOpener(hosting.host(console), threads.waiting(Waiting.SPINNING))
                        .open(model.place(), manifest);
                TokenizerFile tokenizer = TokenizerFile.open(companions(model))) {
            int[] ids =
                    asked.encode(tokenizer, companions(model), manifest.model().vocabularySize());
            int room = manifest.model().contextLength() - ids.length;
            if (ids.length == 0) {
                throw TwofoldException.usage("the prompt is empty");
            }
            if (room <= 0) {
                throw TwofoldException.usage("the prompt does not fit the model")
                        .found(ids.length + " tokens")
                        .expected("1 to " + (manifest.model().contextLength() - 1));
            }
            int limit = Math.min(maxTokens, room);
            StreamedText text = new StreamedText(tokenizer, ids, !asked.chat(), console.out());
            Generation generation = new Generation(
                    temperature, seed, new HashSet<>(manifest.model().endTokens()));
            long start = System.nanoTime();
            Generation.End end = write(generation, session, ids, limit, text);
            double seconds = (System.nanoTime() - start) / 1e9;
            console.notice(
                    String.format(Locale.ROOT, "%d tokens in %.2f s, %s", text.tokens(), seconds, reason(end, limit)));
        }
        return 0;
    }

    /** The directory of the tokenizer's files. */
    private static Path companions(OutputModel model) {
        return RankDirectories.of(model.directory(), model.manifest()).get(0);
    }

    private Generation.End write(Generation generation, ModelSession session, int[] ids, int limit, StreamedText text) {
        try {
            Generation.End end = generation.run(session, ids, limit, text::accept);
            text.finish();
            return end;
        } finally {
            console.out().println();
        }
    }

    private String reason(Generation.End end, int limit) {
        return switch (end) {
            case STOP_TOKEN -> "ended by the model";
            case CANCELLED -> "ended because nobody reads";
            case LIMIT -> limit < maxTokens ? "ended by the model's context length" : "ended by --max-tokens";
        };
    }
}
