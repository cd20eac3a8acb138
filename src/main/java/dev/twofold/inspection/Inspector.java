package dev.twofold.inspection;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.PlanScore;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.source.Source;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Measures how far the layers of a model depend on one another.
 *
 * @param form how the layers of a group run
 * @param group layers in the largest group to try
 * @param fittedTokens tokens to fit to, if it is to be measured what compensation wins back
 */
public record Inspector(
        Source source,
        Texts texts,
        PairLayers.Form form,
        int group,
        Optional<Integer> fittedTokens,
        MeasurementCache cache,
        Host host) {

    /**
     * The document of the inspection.
     *
     * @param version of Twofold
     * @throws TwofoldException of kind INPUT if there is nothing to measure, or not enough text
     */
    public ObjectNode inspect(String version) {
        long start = System.nanoTime();
        if (source.decoder().facts().layers() < 2) {
            throw TwofoldException.input("there is nothing to run side by side")
                    .at(source.path().toString())
                    .found("1 layer")
                    .expected("2 or more");
        }
        Passages passages = Passages.of(source, texts, Optional.empty(), fittedTokens.orElse(0), host);
        Optional<CalibrationText> fitted =
                fittedTokens.map(tokens -> CalibrationText.of(source, texts.calibrating(), tokens, host));
        if (fitted.isPresent() && passages.heldOut().isEmpty()) {
            throw TwofoldException.input("there is no text left to measure compensation on")
                    .at(passages.calibration().name())
                    .hint("give a longer text, or lower --tokens or --calibration-tokens");
        }
        try (MeasurementSession session = new MeasurementSession(source, passages, form, cache, host)) {
            Inspection inspection = inspect(session, fitted, start);
            return InspectionDocument.of(source, inspection, setting(version, passages));
        }
    }

    private Inspection inspect(MeasurementSession session, Optional<CalibrationText> fitted, long start) {
        TextMeasurement text = session.calibration();
        int layers = text.layerCount();
        LayerFindings findings = text.layers();
        PlanFrontier frontier = PlanFrontier.survey(
                (layers + 1) / 2, Math.min(group, layers), fitted.isPresent(), session, host.progress());
        Optional<Inspection.HeldOut> heldOut = session.heldOut().map(other -> heldOut(other, frontier));
        List<CompensationStudy.Row> compensation = fitted.flatMap(windows -> session.heldOut()
                        .map(other -> {
                            Host quiet = host.with(once());
                            RefittedPlans refitted = new RefittedPlans(source, form, windows, quiet);
                            return new CompensationStudy(source, other, refitted, quiet).of(frontier, findings);
                        }))
                .orElse(List.of());
        Optional<StepStudy> steps = StepStudy.of(session, source.decoder(), form, host.progress());
        int measured = text.measured()
                + session.screening().measured()
                + session.heldOut().map(TextMeasurement::measured).orElse(0);
        return new Inspection(
                form,
                findings,
                frontier,
                text.base(),
                heldOut,
                compensation,
                steps,
                (System.nanoTime() - start) / 1e9,
                text.plansKnown(),
                measured == 0);
    }

    /** Every plan is fitted anew, and has the same to say. */
    private Consumer<String> once() {
        Set<String> said = new HashSet<>();
        return notice -> {
            if (said.add(notice)) {
                host.notice(notice);
            }
        };
    }

    /** Measures the chosen plans on the second text. */
    private Inspection.HeldOut heldOut(TextMeasurement text, PlanFrontier frontier) {
        PlanScore base = text.base();
        host.progress().begin("checking on the held-out text", frontier.found().size(), Progress.Unit.DEPTHS);
        frontier.found().forEach(found -> {
            text.score(found.chosen().plan());
            host.progress().advance(1);
        });
        host.progress().end();
        return new Inspection.HeldOut(text.text().tokens(), base, text);
    }

    private InspectionDocument.Setting setting(String version, Passages passages) {
        return new InspectionDocument.Setting(
                version,
                passages.calibration().name(),
                passages.calibration().windows().tokens(),
                WindowCut.length(source.decoder()),
                passages.calibration().windows().begin(),
                group,
                host.provider().toString(),
                passages.heldOut().map(Passages.Passage::name).orElse(""),
                fittedTokens.orElse(0));
    }
}
