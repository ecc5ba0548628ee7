using System.Collections.Generic;

namespace Everstore.Client
{
    /// <summary>
    /// When a client gets a lane: a further connection that the server gives to one worker, so that no other process stands
    /// between it and the journals' owner.
    /// </summary>
    /// <remarks>
    /// One that is refused for now, or lost, is tried again after a pause, longer each time until one is opened. Where the
    /// server knows no lanes, or this user gets none, none is ever tried again.
    /// </remarks>
    internal sealed class LanePlan
    {
        private readonly Dictionary<uint, Course> courses = new Dictionary<uint, Course>();
        private bool wanted;

        public LanePlan(bool wanted)
        {
            this.wanted = wanted;
        }

        /// <summary>A request is for that worker, to which there is no lane; true when one is to be opened.</summary>
        public bool Wants(uint worker, double now)
        {
            if (!wanted)
                return false;
            var course = CourseOf(worker);
            course.Asked++;
            return course.Asked >= Limits.LaneRequestsMin && now >= course.NotBefore;
        }

        public void Opened(uint worker)
        {
            CourseOf(worker).Pauses = null;
        }

        /// <summary>It was refused, or lost.</summary>
        public void Failed(uint worker, EverstoreException error, double now)
        {
            if (error is UnknownErrorException || error is NotAllowedException || error is NoSuchWorkerException)
                wanted = false;
            var course = CourseOf(worker);
            course.Pauses = course.Pauses ?? new Pauses(Limits.LanePauseSeconds, Limits.LanePauseSecondsMax);
            course.NotBefore = now + course.Pauses.Next();
        }

        private Course CourseOf(uint worker)
        {
            Course course;
            if (!courses.TryGetValue(worker, out course))
                courses.Add(worker, course = new Course());
            return course;
        }

        private sealed class Course
        {
            public int Asked;
            public double NotBefore;
            public Pauses Pauses;
        }
    }
}
